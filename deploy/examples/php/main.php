<?php
require "vendor/autoload.php";

echo Psr\Log\LogLevel::INFO, "\n";
