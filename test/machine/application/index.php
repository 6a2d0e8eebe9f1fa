<?php
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Queue;

$app = require __DIR__ . '/../private/app/bootstrap.php';

$app->router->get('/', fn () => response()->json([
    'orders' => DB::table('orders')->orderBy('id')->get(['item', 'worked_off_by']),
    'ticks' => DB::table('ticks')->count(),
]));
$app->router->post('/orders', function (Illuminate\Http\Request $request) {
    $id = DB::table('orders')->insertGetId(['item' => (string) $request->input('item')]);
    Queue::push(new App\WorkOff($id));
    return response()->json(['id' => $id], 202);
});

$app->run();
