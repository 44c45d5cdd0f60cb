#!/bin/sh
# sh train.sh DATA [OUT] [options of train.py]
#
# Masks, then both networks, both stages. DATA is a folder of pairs or a list file (layouts:
# data/pairs.py), or the word synth: pages from the generator, no data set at all. OUT is the folder
# of the runs (runs). Options of train.py, such as --resume or --steps 2000, go to both networks;
# --resume goes on with a network that has a run in OUT and begins one that has none. Masks are not
# made beforehand where --set has training make others than the default ones.
#
#   RECIPE=lite|full   which recipes of configs/ (full on a GPU that Paddle can use, else lite)
#   PYTHON, PADDLE_GPU see setup.sh
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cwd=$(pwd)
case ${1:--} in -*)
    cat >&2 <<TEXT
usage: sh train.sh DATA [OUT] [options of train.py]

No data set given. Without one: sh train.sh synth, which trains on pages from the generator.
DATA is a folder of pairs, matched by name:
  DATA/images/NAME.jpg   pages with handwriting or a watermark
  DATA/gts/NAME.png      the same pages without it, aligned to the pixel
Other layouts (watermark, SCUT-EnsText, list files) are described in data/pairs.py. Public sets:
SCUT-EnsText (on request from its authors), and the pairs of Baidu Netdisk's contests on AI Studio.
TEXT
    exit 2
esac

# uses_gpu: whether the Paddle in $PYTHON was made for GPUs.
uses_gpu() {
    "$PYTHON" -c 'import sys, paddle; sys.exit(not paddle.device.is_compiled_with_cuda())' \
        >/dev/null 2>&1
}

# train NETWORK [options of train.py]: --resume counts only where the network has a run.
train() {
    name=$1$suffix
    shift
    if [ ! -e "$out/$name/last.pdparams" ]; then
        for option in "$@"; do
            shift
            [ "$option" = --resume ] || set -- "$@" "$option"
        done
    fi
    "$PYTHON" "$here/train.py" --config "$here/configs/$name.yaml" --data "$data" \
        --out "$out/$name" "$@"
}

cd "$here"
. ./setup.sh
cd "$cwd"
data=$1 out=runs
shift
case ${1:--} in -*) ;; *) out=$1; shift ;; esac
if [ -z "${RECIPE:-}" ]; then
    RECIPE=lite
    ! has_gpu || ! uses_gpu || RECIPE=full
fi
case $RECIPE in
    lite) suffix=_lite ;;
    full) suffix= ;;
    *) echo "train.sh: RECIPE is lite or full, not $RECIPE" >&2; exit 2 ;;
esac
for option; do
    case $option in --config* | --data* | --out* | --init*)
        echo "train.sh: ${option%%=*} is for one network: use train.py" >&2
        exit 2
    esac
done
case $* in
    *data.threshold=* | *data.channel=* | *data.dilate=*) ;;
    *) [ "$data" = synth ] || "$PYTHON" "$here/compute_mask.py" "$data" ;;
esac
train erasenet "$@"
train nonlocal "$@"
echo "erase with: sh test.sh PAGES RESULTS --weights '$out/erasenet$suffix/best.pdparams'" \
    "'$out/nonlocal$suffix/best.pdparams'"
