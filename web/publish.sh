#!/bin/sh
# publish.sh BUILD FOLDER: adds a build of the page to the folder that nginx serves. Files of earlier builds stay, for
# pages that are open; those that no build has brought for 30 days are deleted.
set -eu
build=$1
folder=$2

# Every file appears whole or not at all, and what is there already is only marked as still in use.
for file in $(cd "$build" && find . -path '*/assets/*' -type f); do
  mkdir -p "$folder/$(dirname "$file")"
  if [ -e "$folder/$file" ]; then
    touch "$folder/$file"
  else
    cp "$build/$file" "$folder/$file.new"
    mv "$folder/$file.new" "$folder/$file"
  fi
done

# Last, so that who gets the new page finds all that it names.
for file in index.html.gz br/index.html index.html; do
  cp "$build/$file" "$folder/$file.new"
  mv "$folder/$file.new" "$folder/$file"
done

find "$folder" -path '*/assets/*' -type f -mtime +30 -exec rm {} +
