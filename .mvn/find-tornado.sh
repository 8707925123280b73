# Finds an installed TornadoVM and the JVM options that it needs. Sourced by ./nanochat; works with bash 3.2, starts no program but cat.
#
#   asks_for_tornado ARGUMENT...   true if a command line or NANOCHAT_BACKEND chooses the backend; --backend wins, the last one
#   find_tornado        prints the SDK's folder: TORNADOVM_HOME, or SDKMAN's; returns 3 if there is none
#   require_tornado SDK refuses with a remedy what the backend was not made for
#   tornado_driver SDK  prints the driver to use, cuda or opencl: NANOCHAT_TORNADO_DRIVER, or CUDA where SDK and machine have it
#   tornado_options SDK DRIVER   sets the array tornado_jvm
#
# Errors go to die, which the caller defines.

tornado_wanted=5.2.0-jdk25

asks_for_tornado() {
  local argument before= wanted=${NANOCHAT_BACKEND-}
  for argument in "$@"; do
    case $before$argument in
    --backend=*) wanted=${argument#--backend=} ;;
    '--backend '*) wanted=$argument ;;
    esac
    before=
    [ "$argument" != --backend ] || before='--backend '
  done
  [ "$wanted" = tornado ]
}

is_tornado() {
  [ -n "$1" ] && [ -d "$1/share/java/tornado" ]
}

find_tornado() {
  local candidate sdkman=${SDKMAN_DIR:-$HOME/.sdkman}/candidates/tornadovm
  if [ -n "${TORNADOVM_HOME-}" ]; then
    # What a person names is used or refused, never replaced.
    is_tornado "$TORNADOVM_HOME" ||
      die "TORNADOVM_HOME=$TORNADOVM_HOME is no TornadoVM SDK (it has no share/java/tornado). Set it to the folder that has bin, etc, lib and share, or unset it"
    (cd "$TORNADOVM_HOME" && pwd -P)
    return 0
  fi
  for candidate in "$sdkman/current" "$sdkman/$tornado_wanted"* "$sdkman"/*jdk25*; do
    if is_tornado "$candidate"; then
      (cd "$candidate" && pwd -P)
      return 0
    fi
  done
  return 3
}

# True if version $1 (as in 5.2.0-jdk25) is at least $tornado_wanted and for the same JDK.
is_wanted_version() {
  local IFS=.- have want
  # shellcheck disable=SC2206 # split at dots and dashes
  have=($1) want=($tornado_wanted)
  [ "${have[3]-}" = "${want[3]}" ] || return 1
  local i
  for i in 0 1 2; do
    case ${have[$i]-} in '' | *[!0-9]*) return 1 ;; esac
    [ "${have[$i]}" -le "${want[$i]}" ] || return 0
    [ "${have[$i]}" -eq "${want[$i]}" ] || return 1
  done
}

require_tornado() {
  local line version=unknown jar
  if [ -r "$1/etc/tornado.release" ]; then
    while IFS= read -r line || [ -n "$line" ]; do
      case $line in version=*) version=${line#version=} ;; esac
    done <"$1/etc/tornado.release"
  else # the name of its API tells
    for jar in "$1"/share/java/tornado/tornado-api-*.jar; do
      version=${jar##*/tornado-api-}
      version=${version%.jar}
    done
  fi
  is_wanted_version "$version" ||
    die "the TornadoVM in $1 is version $version; the backend needs $tornado_wanted or a later one for the same JDK. Install it (sdk install tornadovm, or https://github.com/beehive-lab/TornadoVM/releases) and set TORNADOVM_HOME to its folder"
}

# True if the SDK in $1 was built with driver $2.
has_driver() {
  local jar
  for jar in "$1"/share/java/tornado/tornado-drivers-"$2"-[0-9]*.jar; do
    [ -e "$jar" ] && return 0
  done
  return 1
}

# True if NVIDIA's driver library lies where systems keep it. An SDK with CUDA ends the JVM where it does not.
has_cuda() {
  local folder IFS=:
  for folder in ${LD_LIBRARY_PATH-} /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu /usr/lib64 /usr/lib /usr/lib/wsl/lib \
    /usr/local/cuda/compat /run/opengl-driver/lib; do
    [ -z "$folder" ] || [ ! -e "$folder/libcuda.so.1" ] || return 0
  done
  return 1
}

tornado_driver() {
  local asked=${NANOCHAT_TORNADO_DRIVER-}
  case $asked in
  cuda | opencl)
    has_driver "$1" "$asked" ||
      die "the TornadoVM in $1 has no driver $asked (there is no tornado-drivers-$asked jar in share/java/tornado). Install an SDK that has it, or leave NANOCHAT_TORNADO_DRIVER out"
    if [ "$asked" = cuda ] && ! has_cuda; then
      die "NANOCHAT_TORNADO_DRIVER=cuda, and libcuda.so.1 is nowhere on this machine: NVIDIA's driver is not installed, or not visible in this container. With opencl the OpenCL devices are used"
    fi
    printf '%s\n' "$asked"
    ;;
  '')
    if has_driver "$1" cuda && has_cuda; then
      printf 'cuda\n'
    elif has_driver "$1" opencl; then
      printf 'opencl\n'
    else
      die "the TornadoVM in $1 has no driver that this machine can use: neither OpenCL, nor CUDA with NVIDIA's libcuda.so.1 beside it. Install an SDK with the OpenCL driver (its file name says opencl)"
    fi
    ;;
  *) die "NANOCHAT_TORNADO_DRIVER=$asked: choose cuda or opencl, or leave it out" ;;
  esac
}

# The lines of a file of java options; nothing if there is no such file.
option_lines() {
  local line
  [ -r "$1" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
    '' | '#'*) ;;
    *) printf '%s\n' "$line" ;;
    esac
  done <"$1"
}

# The SDK's options: its own argument file where it brings one, else the same from its parts. Its export lists always: argument files were seen
# without the driver's, and naming an export twice does no harm.
sdk_options() {
  local file found=
  for file in "$1/tornado-argfile.template" "$1/tornado-argfile"; do
    if [ -r "$file" ]; then
      option_lines "$file"
      found=yes
      break
    fi
  done
  if [ -z "$found" ]; then
    cat <<'END'
-XX:+UnlockExperimentalVMOptions
-XX:+EnableJVMCI
--enable-preview
-Djava.library.path=${TORNADOVM_HOME}/lib
-Dtornado.load.api.implementation=uk.ac.manchester.tornado.runtime.tasks.TornadoTaskGraph
-Dtornado.load.runtime.implementation=uk.ac.manchester.tornado.runtime.TornadoCoreRuntime
-Dtornado.load.tornado.implementation=uk.ac.manchester.tornado.runtime.common.Tornado
-Dtornado.load.annotation.implementation=uk.ac.manchester.tornado.annotation.ASMClassVisitor
-Dtornado.load.annotation.parallel=uk.ac.manchester.tornado.api.annotations.Parallel
--module-path ${TORNADOVM_HOME}/share/java/tornado
--upgrade-module-path ${TORNADOVM_HOME}/share/java/graalJars
END
    printf -- '--add-modules ALL-SYSTEM,tornado.runtime,tornado.annotation,tornado.drivers.common,tornado.drivers.%s\n' "$2"
  fi
  option_lines "$1/etc/exportLists/common-exports"
  option_lines "$1/etc/exportLists/$2-exports"
}

# A list without the items that belong to other drivers than $2, and without the working directory: a jar that lies there by chance would stop the JVM.
keep_driver() {
  local item kept= IFS=$3
  for item in $1; do
    case $item in
    . | '') continue ;;
    tornado.drivers.common | "tornado.drivers.$2") ;;
    tornado.drivers.*) continue ;;
    esac
    kept=$kept${kept:+$3}$item
  done
  printf '%s' "$kept"
}

tornado_options() {
  local sdk=$1 driver=$2 line name value
  tornado_jvm=()
  while IFS= read -r line; do
    line=${line//'${TORNADOVM_HOME}'/$sdk}
    case $line in
    -server | -XX:+Use*GC | -Xm[sx]* | -Dstd*.encoding=* | --enable-native-access*) ;; # the launcher's own
    -Dtornado.recover.bailout=* | -Dtornado.device.memory=* | -Dtornado.tvm.maxbytecodesize=*) ;; # below
    --module-path[\ =]* | --upgrade-module-path[\ =]*)
      name=${line%%[ =]*}
      tornado_jvm+=("$name" "$(keep_driver "${line#"$name"?}" "$driver" :)")
      ;;
    --add-modules[\ =]*)
      value=$(keep_driver "${line#--add-modules?}" "$driver" ,)
      case ,$value, in
      *",tornado.drivers.$driver,"*) ;;
      *) value=$value,tornado.drivers.$driver ;; # an SDK that was built once more, for another driver
      esac
      tornado_jvm+=(--add-modules "$value")
      ;;
    --add-exports[\ =]* | --add-opens[\ =]* | --add-reads[\ =]*)
      name=${line%%[ =]*}
      value=${line#"$name"?}
      # module/package=readers; a line that is for other drivers alone goes
      case ${value%%=*} in tornado.drivers.common* | "tornado.drivers.$driver"*) ;; tornado.drivers.*) continue ;; esac
      line=$(keep_driver "${value#*=}" "$driver" ,)
      [ -z "$line" ] || tornado_jvm+=("$name" "${value%%=*}=$line")
      ;;
    *) tornado_jvm+=("$line") ;;
    esac
  done < <(sdk_options "$sdk" "$driver")
  # Bailout would go on silently with wrong results. Memory: no limit of TornadoVM's own, the device's counts; the memory plan is compared with it
  # before anything is allocated.
  tornado_jvm+=(
    -Dtornado.recover.bailout=False
    -Dtornado.tvm.maxbytecodesize=1048576
    "-Dtornado.device.memory=${NANOCHAT_DEVICE_MEMORY:-1024GB}"
  )
}
