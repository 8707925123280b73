# Finds an installed JDK. Sourced by ./mvnw and ./nanochat, so that both agree; POSIX sh, starts no JVM.
#
#   find_jdk MIN MAX   prints the home of the first JDK whose feature release lies in MIN..MAX and that has javac and
#                      the vector module; returns 1 if there is none. Order: JAVA_HOME, java on PATH, install folders.
#   explain_no_jdk     says on stderr how to get one.

# True if directory $1 is a JDK with feature release in $2..$3. Reads the `release` file, which every JDK since 9 has.
is_jdk() {
  [ -n "$1" ] && [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 1
  _jdk_feature=
  _jdk_vector=
  while IFS= read -r _jdk_line || [ -n "$_jdk_line" ]; do
    case $_jdk_line in
    JAVA_VERSION=*)
      _jdk_feature=${_jdk_line#JAVA_VERSION=}
      _jdk_feature=${_jdk_feature#\"}
      _jdk_feature=${_jdk_feature%%[!0-9]*}
      ;;
    MODULES=*jdk.incubator.vector*) _jdk_vector=yes ;;
    esac
  done <"$1/release"
  [ -n "$_jdk_feature" ] && [ -n "$_jdk_vector" ] && [ "$_jdk_feature" -ge "$2" ] && [ "$_jdk_feature" -le "$3" ]
}

# The home of the java found on PATH, links followed by hand: `readlink -f` is missing on older macOS.
jdk_on_path() {
  _jdk_java=$(command -v java 2>/dev/null) || return 1
  _jdk_hops=0
  while [ -L "$_jdk_java" ] && [ "$_jdk_hops" -lt 20 ]; do
    _jdk_hops=$((_jdk_hops + 1))
    _jdk_target=$(readlink "$_jdk_java") || return 1
    case $_jdk_target in
    /*) _jdk_java=$_jdk_target ;;
    *) _jdk_java=${_jdk_java%/*}/$_jdk_target ;;
    esac
  done
  (cd "${_jdk_java%/*}/.." 2>/dev/null && pwd -P)
}

find_jdk() {
  if is_jdk "${JAVA_HOME-}" "$1" "$2"; then
    printf '%s\n' "$JAVA_HOME"
    return 0
  fi
  _jdk_home=$(jdk_on_path) || _jdk_home=
  if is_jdk "$_jdk_home" "$1" "$2"; then
    printf '%s\n' "$_jdk_home"
    return 0
  fi
  for _jdk_home in \
    "${JAVA_HOME_25_X64-}" "${JAVA_HOME_25_ARM64-}" "${JDK_25-}" \
    /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /opt/* /opt/java/* /opt/jdk/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "$HOME"/Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    "${SDKMAN_DIR:-$HOME/.sdkman}"/candidates/java/* \
    "$HOME"/.jdks/* "$HOME"/.jdks/*/Contents/Home \
    "$HOME"/.asdf/installs/java/* "$HOME"/.local/share/mise/installs/java/*; do
    if is_jdk "$_jdk_home" "$1" "$2"; then
      printf '%s\n' "$_jdk_home"
      return 0
    fi
  done
  return 1
}

explain_no_jdk() {
  cat >&2 <<'END'
nanochat4j needs a JDK 25 (with javac and the module jdk.incubator.vector), and none was found:
not in JAVA_HOME, not behind the java on PATH, not in the usual install folders.
Get one, for example:
  Debian, Ubuntu   apt install openjdk-25-jdk openjdk-25-source   (or temurin-25-jdk from adoptium.net)
  Fedora           dnf install java-25-openjdk-devel java-25-openjdk-src
  macOS            brew install openjdk@25
  anywhere         sdk install java 25-tem                        (https://sdkman.io)
or unpack one from https://adoptium.net and set JAVA_HOME to its folder.
END
}
