# Compiler warnings and hardening, on by default for every target.
add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla)
if(OBPUB_WERROR)
  add_compile_options(-Werror)
endif()

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

add_compile_options(-fstack-protector-strong -fno-strict-overflow)
add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)

include(CheckCCompilerFlag)
foreach(flag -ftrivial-auto-var-init=zero -fstack-clash-protection -fcf-protection=return)
  string(MAKE_C_IDENTIFIER "has${flag}" variable)
  check_c_compiler_flag("${flag} -Werror" ${variable})
  if(${variable})
    add_compile_options(${flag})
  endif()
endforeach()

# The linker marks a program as fit for shadow stacks only if every object is marked, and Debian's start files of libc
# (Scrt1.o, crti.o) are not, though nothing in them hinders it: so the mark is asked for. (Indirect branch tracking needs more of
# those files than a mark, and Linux has it for no program.)
if(has_fcf_protection_return)
  include(CheckLinkerFlag)
  check_linker_flag(C -Wl,-z,shstk,--fatal-warnings has_shstk)
  if(has_shstk)
    add_link_options(-Wl,-z,shstk)
  endif()
endif()

if(OBPUB_FUZZ)
  # libFuzzer looks at what is run through these, and each target has its main() from it.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(OBPUB_COVERAGE)
  # What writes the counts down is only linked into what is to do so (tests/fuzz): a confined process may not.
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
endif()

if(OBPUB_SANITIZE)
  # _FORTIFY_SOURCE hides from the sanitizers what it checks itself.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
else()
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()
