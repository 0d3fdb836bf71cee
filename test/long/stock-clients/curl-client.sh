#!/bin/sh
# Follows a stream with curl. Prints each event as a line of JSON, and resumes with Last-Event-ID.
url=$1 certificate=$2 last=
mkfifo "$3.pipe"
while :; do
  curl -sN ${certificate:+--cacert "$certificate"} ${last:+-H "Last-Event-ID: $last"} "$url" > "$3.pipe" &
  curl=$!
  event=message id=
  while IFS= read -r line; do
    case $line in
      'id: '*) id=${line#id: } ;;
      'event: '*) event=${line#event: } ;;
      'data: '*)
        [ "$event" = pharos-gap ] && event=gap
        printf '%s\n' "${line#data: }" | sed "s/}\$/,\"type\":\"$event\",\"atMs\":$(date +%s%3N)}/"
        ;;
      '') last=${id:-$last} event=message id= ;;
    esac
  done < "$3.pipe"
  kill "$curl" 2>/dev/null
  sleep 0.3
done
