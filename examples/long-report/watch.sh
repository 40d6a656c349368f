#!/bin/sh
# Shows how far an operation is, as a bar in the terminal: watch.sh http://localhost:8080/operations/ID
curl -sN "$1/events" | awk '
  function valueOf(name) { return match($0, "\"" name "\":\"?[^\",}]*") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) : "" }
  /^event: / { kind = $2 }
  /^data: / && kind == "progress" {
    bar = ""
    for (i = 0; i < 40; i++) bar = bar (i < valueOf("percent") * 0.4 ? "#" : ".")
    printf "\r[%s] %3d %% %s ", bar, valueOf("percent"), substr(valueOf("note"), 2)
    fflush()
  }
  /^data: / && kind != "progress" && kind != "accepted" { printf "\n%s\n", kind }
'
