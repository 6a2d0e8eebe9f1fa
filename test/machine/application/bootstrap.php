<?php
// A small shop on Lumen, as the distribution packages it: orders are taken by the page, worked off by a queue, and
// counted by the scheduler.

require_once 'Laravel/Lumen/autoload.php';
spl_autoload_register(static function (string $class): void {
    if (strncmp($class, 'App\\', 4) === 0) require __DIR__ . '/app/' . substr($class, 4) . '.php';
});

(new Laravel\Lumen\Bootstrap\LoadEnvironmentVariables(__DIR__))->bootstrap();

$app = new Laravel\Lumen\Application(__DIR__);
$app->withFacades();
$app->withEloquent();
$app->singleton(Illuminate\Contracts\Debug\ExceptionHandler::class, Laravel\Lumen\Exceptions\Handler::class);
$app->singleton(Illuminate\Contracts\Console\Kernel::class, App\Kernel::class);

return $app;
