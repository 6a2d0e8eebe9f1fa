<?php
namespace App;

use Illuminate\Console\Command;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Support\Facades\Schema;

class Install extends Command
{
    protected $signature = 'shop:install';
    protected $description = 'Make the tables of the shop.';

    public function handle(): int
    {
        Schema::create('orders', static function (Blueprint $table): void {
            $table->id();
            $table->string('item');
            $table->string('worked_off_by')->nullable();
        });
        Schema::create('ticks', static function (Blueprint $table): void {
            $table->id();
            $table->string('user');
        });
        Schema::create('jobs', static function (Blueprint $table): void {
            $table->id();
            $table->string('queue')->index();
            $table->longText('payload');
            $table->unsignedTinyInteger('attempts');
            $table->unsignedInteger('reserved_at')->nullable();
            $table->unsignedInteger('available_at');
            $table->unsignedInteger('created_at');
        });
        $this->info('The shop is installed.');
        return 0;
    }
}
