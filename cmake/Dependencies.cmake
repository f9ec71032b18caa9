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

# Which library has the arithmetic of Curve25519 (src/crypto/curve.h): libsodium, which is needed for all else in any case, or
# lib25519, which is faster. (It is no pkg-config module.) Of its functions those that are used are looked for, because only few
# belong to what it promises to keep, and it is linked as the archive, so that a program has those that it was tested with. The
# shared library would load another one, librandombytes, which handles signals before main() begins, so that a service manager's
# filter of system calls may kill obpub before it can say why.
set(OBPUB_CURVE auto CACHE STRING "Library for Curve25519: libsodium, lib25519, or auto: lib25519 where it is installed")
set_property(CACHE OBPUB_CURVE PROPERTY STRINGS auto libsodium lib25519)
if(NOT OBPUB_CURVE MATCHES "^(auto|libsodium|lib25519)$")
  message(FATAL_ERROR "OBPUB_CURVE is auto, libsodium or lib25519, not \"${OBPUB_CURVE}\".")
endif()
set(curve_library libsodium)
if(NOT OBPUB_CURVE STREQUAL libsodium)
  find_path(LIB25519_INCLUDE_DIR lib25519.h)
  find_library(LIB25519_ARCHIVE lib25519.a)
  mark_as_advanced(LIB25519_INCLUDE_DIR LIB25519_ARCHIVE)
  if(LIB25519_INCLUDE_DIR AND LIB25519_ARCHIVE)
    include(CheckSymbolExists)
    set(CMAKE_REQUIRED_INCLUDES ${LIB25519_INCLUDE_DIR})
    set(CMAKE_REQUIRED_LIBRARIES ${LIB25519_ARCHIVE})
    set(curve_library lib25519)
    foreach(function nG_merged25519 nG_montgomery25519 nP_montgomery25519 mGnP_ed25519 multiscalar_ed25519)
      check_symbol_exists(lib25519_${function} lib25519.h has_lib25519_${function})
      if(NOT has_lib25519_${function})
        set(curve_library libsodium)
      endif()
    endforeach()
    unset(CMAKE_REQUIRED_INCLUDES)
    unset(CMAKE_REQUIRED_LIBRARIES)
  endif()
endif()
if(OBPUB_CURVE STREQUAL lib25519 AND NOT curve_library STREQUAL lib25519)
  message(FATAL_ERROR "OBPUB_CURVE=lib25519, but lib25519.h and lib25519.a are not installed, or lack functions that are used "
                      "here. Debian has them from 13 on:\n"
                      "    apt-get install lib25519-dev\n"
                      "Or leave the choice to OBPUB_CURVE=auto, or take libsodium.")
endif()

if(missing_packages)
  list(REMOVE_DUPLICATES missing_packages)
  list(JOIN missing_packages " " missing_packages)
  message(FATAL_ERROR "obpub can't be built yet, some libraries are missing. On Debian, install them with:\n"
                      "    apt-get install ${missing_packages}")
endif()

if(curve_library STREQUAL lib25519)
  add_library(curve_library INTERFACE)
  target_include_directories(curve_library INTERFACE ${LIB25519_INCLUDE_DIR})
  target_link_libraries(curve_library INTERFACE ${LIB25519_ARCHIVE})
endif()
message(STATUS "Curve25519 is of ${curve_library}")
