#!/bin/sh
# Brings the vendored modules here again, from npm's own archives. Run it by hand to move to other versions, then
# look at the difference. What it changes in the files, and why:
#  - bare imports ("preact") become relative ones: an import map would need an inline script, which the CSP forbids;
#  - uPlot's minified build defines a global; one added line exports it (the ES build is three times as large);
#  - source map references go, so that a debugger does not ask for files that are not here.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

take() { # package, version, folder, then pairs: file in the archive, name here
  (cd "$tmp" && npm pack --silent "$1@$2" >/dev/null && mkdir "$3" && tar xzf ./*.tgz -C "$3" && rm ./*.tgz)
  mkdir -p "$3"
  cp "$tmp/$3/package/LICENSE" "$3/LICENSE"
  name=$3
  shift 3
  while [ $# -gt 0 ]; do
    grep -v '^//# sourceMappingURL' "$tmp/$name/package/$1" >"$name/$2"
    shift 2
  done
}

take preact 11.2.0 preact dist/preact.mjs preact.js hooks/dist/hooks.mjs hooks.js
take htm 3.1.1 htm dist/htm.mjs htm.js
take @preact/signals-core 1.14.5 signals-core dist/signals-core.mjs signals-core.js
take @preact/signals 2.11.4 signals dist/signals.mjs signals.js
take centrifuge 5.8.0 centrifuge dist/centrifuge.js centrifuge.js
take uplot 1.6.32 uplot dist/uPlot.iife.min.js uplot.js dist/uPlot.min.css uplot.css

sed -i 's#from"preact"#from"./preact.js"#g' preact/hooks.js
sed -i 's#from"preact/hooks"#from"../preact/hooks.js"#g; s#from"preact"#from"../preact/preact.js"#g
        s#from"@preact/signals-core"#from"../signals-core/signals-core.js"#g' signals/signals.js
printf 'export default uPlot;\n' >>uplot/uplot.js
if grep -lE "from\"[^./]" ./*/*.js; then echo "a bare import is left" >&2; exit 1; fi
ls -l ./*/*.js
