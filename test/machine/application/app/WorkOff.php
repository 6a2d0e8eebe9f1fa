<?php
namespace App;

use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Queue\InteractsWithQueue;
use Illuminate\Support\Facades\DB;

class WorkOff implements ShouldQueue
{
    use InteractsWithQueue;

    public function __construct(private int $order)
    {
    }

    public function handle(): void
    {
        $user = posix_getpwuid(posix_geteuid())['name'];
        DB::table('orders')->where('id', $this->order)->update(['worked_off_by' => $user]);
    }
}
