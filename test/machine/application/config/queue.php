<?php
return [
    'default' => 'database',
    'connections' => ['database' => ['driver' => 'database', 'table' => 'jobs', 'queue' => 'default', 'retry_after' => 60]],
    'failed' => ['driver' => 'null'],
];
