<?php
return ['default' => 'file', 'prefix' => 'shop', 'stores' => ['file' => ['driver' => 'file', 'path' => __DIR__ . '/../storage/framework/cache']]];
