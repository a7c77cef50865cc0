#!/usr/bin/env bash
# Runs ccache with a lock per object file: of several checkouts that build at once, one compiles a file and the others take its result.
locks=${CCACHE_DIR:-$HOME/.cache/ccache}/mo-locks
object=$* object=${object##* -o } object=${object%% *}
[[ -d $locks ]] || mkdir -p "$locks"
exec flock "$locks/${object//\//_}" ccache "$@"
