#!/bin/bash
# Cuts the power under a store that is being written to, and checks that nothing acknowledged is lost.
#
#   tests/power_cut.sh TEST_BINARY [ROUNDS]
#
# TEST_BINARY is the integration test binary (`cargo test --no-run --test it` prints its path). Needs root
# for the loop device. The writer lives on an ext4 image; it is stopped in mid-flight, and the image is
# copied as it stands: what the device holds at that moment, without anything that is only in memory.
# The copy is mounted and every commit that was acknowledged until then must be in it.
# The model is an honest disk: it neither tears sectors nor forgets what it claimed to have synced.
set -euo pipefail

[ -x "$1" ] || { echo "usage: $0 TEST_BINARY [ROUNDS]" >&2; exit 2; }
rounds=${2:-10}
[ "$(id -u)" = 0 ] || { echo "SKIPPED: power cuts need root" >&2; exit 0; }

work=$(mktemp -d "${TMPDIR:-/var/tmp}/power-cut.XXXXXX")
writer=
finish() {
    [ -z "$writer" ] || kill -KILL "$writer" 2>/dev/null || true
    umount -l "$work/disk" 2>/dev/null || true
    umount -l "$work/copy" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
mkdir "$work/disk" "$work/copy"
# A build may replace the binary while the rounds go on.
binary=$work/writer
cat "$1" > "$binary"
chmod +x "$binary"

for round in $(seq "$rounds"); do
    rm -f "$work/image" "$work/snapshot"
    # The last round's list must not count for this one.
    : > "$work/acknowledged"
    truncate -s 1G "$work/image"
    mkfs.ext4 -q "$work/image"
    mount -o loop "$work/image" "$work/disk"

    HOLDPOINT_TEST_STORE_CHILD="$work/disk/data" "$binary" --exact store_faults::commits_until_killed \
        --nocapture --test-threads=1 > "$work/acknowledged" 2> "$work/errors" &
    writer=$!
    wanted=$((RANDOM % 1500 + 50))
    until [ "$(grep -c '^acknowledged ' "$work/acknowledged")" -ge "$wanted" ]; do
        kill -0 "$writer" 2>/dev/null || { echo "round $round: the writer died"; cat "$work/errors"; exit 1; }
        sleep 0.02
    done
    kill -STOP "$writer"
    # What was acknowledged before the copy begins must be in it.
    cat "$work/acknowledged" > "$work/expected"
    kept=$(grep -c '^acknowledged ' "$work/expected")
    [ "$kept" -ge "$wanted" ] || { echo "round $round: only $kept of $wanted in the list"; exit 1; }
    # The kernel may still write while the copy is made; a copy that mixes two moments is none.
    for _ in $(seq 20); do
        cp --sparse=always "$work/image" "$work/snapshot"
        ! cmp -s "$work/image" "$work/snapshot" || break
    done
    cmp "$work/image" "$work/snapshot"
    kill -KILL "$writer"
    wait "$writer" 2>/dev/null || true
    writer=
    umount "$work/disk"

    mount -o loop "$work/snapshot" "$work/copy"
    HOLDPOINT_TEST_STORE_CHECK="$work/copy/data" HOLDPOINT_TEST_STORE_EXPECTED="$work/expected" \
        "$binary" --exact store_faults::holds_what_was_acknowledged --nocapture --test-threads=1 \
        > "$work/check" 2>&1 || { echo "round $round: FAILED"; cat "$work/check"; exit 1; }
    umount "$work/copy"
    echo "round $round: $kept acknowledged commits, all there"
done
