# Finds what obpub is built on, and names the Debian packages of all that is missing in one message.
find_package(PkgConfig QUIET)
set(missing_packages "")

if(NOT PKG_CONFIG_FOUND)
  list(APPEND missing_packages pkg-config)
endif()

find_package(OpenSSL 3.0 QUIET COMPONENTS Crypto)
if(NOT OpenSSL_FOUND)
  list(APPEND missing_packages libssl-dev)
endif()

# Finds one pkg-config module, or notes the Debian package that has it.
macro(find_module prefix modules package)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${modules})
  endif()
  if(NOT ${prefix}_FOUND)
    list(APPEND missing_packages ${package})
  endif()
endmacro()

find_module(SODIUM "libsodium>=1.0.18" libsodium-dev)
find_module(EVENT "libevent>=2.1" libevent-dev)
find_module(YAML "yaml-0.1>=0.2" libyaml-dev)
find_module(JANSSON "jansson>=2.13" libjansson-dev)
find_module(SECCOMP "libseccomp>=2.5" libseccomp-dev)
if(OBPUB_TESTS)
  find_module(CMOCKA "cmocka>=1.1" libcmocka-dev)
endif()

if(missing_packages)
  list(REMOVE_DUPLICATES missing_packages)
  list(JOIN missing_packages " " missing_packages)
  message(FATAL_ERROR "obpub can't be built yet, some libraries are missing. On Debian, install them with:\n"
                      "    apt-get install ${missing_packages}")
endif()
