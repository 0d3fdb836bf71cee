<?php
// Follows a stream with PHP's own HTTP streams. Prints each event as a line of JSON, and resumes with Last-Event-ID.
[, $url, $certificate] = $argv;
$lastId = null;

function follow(string $url, string $certificate, ?string &$lastId): void
{
    // With HTTP/1.1, PHP holds events back until it has 8 KiB of chunks.
    $http = ['protocol_version' => 1.0, 'header' => $lastId === null ? [] : ["Last-Event-ID: $lastId"]];
    $tls = $certificate === '' ? [] : ['cafile' => $certificate];
    $stream = @fopen($url, 'r', false, stream_context_create(['http' => $http, 'ssl' => $tls]));
    if ($stream === false) {
        return;
    }
    $event = [];
    while (($line = fgets($stream)) !== false) {
        $line = rtrim($line, "\n");
        if ($line !== '') {
            [$field, $value] = explode(': ', $line, 2) + [1 => ''];
            $event[$field] = $value;
            continue;
        }
        $lastId = $event['id'] ?? $lastId;
        if (isset($event['data'])) {
            $type = ($event['event'] ?? '') === 'pharos-gap' ? 'gap' : 'message';
            $shown = json_decode($event['data'], true, 512, JSON_THROW_ON_ERROR);
            echo json_encode($shown + ['type' => $type, 'atMs' => microtime(true) * 1000]), "\n";
        }
        $event = [];
    }
}

while (true) {
    follow($url, $certificate, $lastId);
    usleep(300000);
}
