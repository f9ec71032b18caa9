# What "cmake --install" puts where.
set(OBPUB_CONFIG_FOLDER /etc/obpub CACHE STRING "Where the installed service finds its config.yaml and keys")
set(OBPUB_DEFAULTS_FOLDER /etc/default CACHE STRING "Where the installed agent finds its options")
set(OBPUB_TOR_GROUP debian-tor CACHE STRING "Group that may use the local tor's control port; empty for none")
set(OBPUB_SYSTEMD_FOLDER lib/systemd/system CACHE STRING "Where systemd's units go")
set(OBPUB_SYSUSERS_FOLDER lib/sysusers.d CACHE STRING "Where systemd-sysusers(8) finds its files")
set(OBPUB_TMPFILES_FOLDER lib/tmpfiles.d CACHE STRING "Where systemd-tmpfiles(8) finds its files")

# What systemd there is: its first number, or nothing where that is not known. A unit for a newer one than there is would not
# do what it says.
function(find_systemd_version variable)
  set(${variable} "" PARENT_SCOPE)
  foreach(command "${PKG_CONFIG_EXECUTABLE};--modversion;systemd" "systemctl;--version")
    execute_process(COMMAND ${command} OUTPUT_VARIABLE output RESULT_VARIABLE result ERROR_QUIET)
    if(result EQUAL 0 AND output MATCHES "^(systemd )?([0-9]+)")
      set(${variable} ${CMAKE_MATCH_2} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()
find_systemd_version(found_systemd_version)
set(OBPUB_SYSTEMD_VERSION "${found_systemd_version}" CACHE STRING
    "The systemd that the units are for; empty for units that any can use")

# From 253 on "systemctl reload" waits until the reload is over, and sends the signal itself.
if(OBPUB_SYSTEMD_VERSION AND OBPUB_SYSTEMD_VERSION GREATER_EQUAL 253)
  set(SERVICE_TYPE notify-reload)
  set(SERVICE_RELOAD_LINE "")
  set(SERVICE_RELOAD_PATHS "")
else()
  set(SERVICE_TYPE notify)
  set(SERVICE_RELOAD_LINE "ExecReload=/bin/kill -HUP $MAINPID\n")
  set(SERVICE_RELOAD_PATHS " -/bin/kill -/usr/bin/kill")
endif()

# The unit's line; a unit with a group that is not there does not start.
set(OBPUB_TOR_GROUP_LINE "")
if(OBPUB_TOR_GROUP)
  set(OBPUB_TOR_GROUP_LINE "# For the local tor's control socket and cookie.\nSupplementaryGroups=${OBPUB_TOR_GROUP}\n")
endif()

set(generated ${PROJECT_BINARY_DIR}/packaging)
configure_file(packaging/systemd/sysusers.conf.in ${generated}/sysusers.d/obpub.conf @ONLY)
configure_file(packaging/systemd/tmpfiles.conf.in ${generated}/tmpfiles.d/obpub.conf @ONLY)

# The service, and the same for who has Onionbalance's folder, user and name for it. That one is not installed here: it belongs
# to a package that stands for Onionbalance (packaging/debian).
set(SERVICE_COMMENT "# Runs obpub as a service of its own user, with next to nothing that it may do besides.")
set(SERVICE_DESCRIPTION "Descriptor publisher for Tor onion services")
set(SERVICE_PROGRAM ${CMAKE_INSTALL_FULL_BINDIR}/obpub)
set(SERVICE_CONFIG ${OBPUB_CONFIG_FOLDER}/config.yaml)
set(SERVICE_USER obpub)
set(SERVICE_ENVIRONMENT_LINE "")
string(CONCAT SERVICE_KEYS_LINES
  "# The frontends' keys: every file in this folder becomes a credential, which the config names with\n"
  "# \"key: credential:<file>\". They stay root's, and only this service sees them.\n"
  "LoadCredential=keys:${OBPUB_CONFIG_FOLDER}/keys\n\n")
configure_file(packaging/systemd/obpub.service.in ${generated}/obpub.service @ONLY)
set(SERVICE_COMMENT "# Runs obpub where Debian's onionbalance.service ran Onionbalance, with next to nothing that it may do besides.")
set(SERVICE_DESCRIPTION "Descriptor publisher for Tor onion services, in Onionbalance's place")
set(SERVICE_PROGRAM ${CMAKE_INSTALL_FULL_SBINDIR}/onionbalance)
set(SERVICE_CONFIG /etc/onionbalance/config.yaml)
set(SERVICE_USER onionbalance)
set(SERVICE_ENVIRONMENT_LINE "EnvironmentFile=-/etc/default/onionbalance\n")
set(SERVICE_KEYS_LINES "")
configure_file(packaging/systemd/obpub.service.in ${generated}/obpub-onionbalance.service @ONLY)
file(APPEND ${generated}/obpub-onionbalance.service "Alias=onionbalance.service\n")

# The agent's unit, and a template of it for tors that Debian's tor-instance-create(8) has made.
function(make_agent_unit file)
  configure_file(packaging/systemd/obpub-agent.service.in ${generated}/${file} @ONLY)
endfunction()
set(AGENT_COMMENT "# Runs obpub beside a backend's tor, for a publisher on another machine: see obpub-agent(8).")
set(AGENT_NAME obpub-agent)
set(AGENT_TOR_UNITS "tor.service tor@default.service")
set(AGENT_PLACES "")
set(AGENT_TOR_GROUP_LINE "${OBPUB_TOR_GROUP_LINE}")
make_agent_unit(obpub-agent.service)
set(AGENT_COMMENT "# The same as obpub-agent.service, beside the tor of Debian's that is called tor@%i: see obpub-agent(8).")
set(AGENT_NAME obpub-agent-%i)
set(AGENT_TOR_UNITS "tor@%i.service")
set(AGENT_PLACES " --control unix:/run/tor-instances/%i/control --listen unix:/run/obpub-agent-%i/control.sock")
set(AGENT_TOR_GROUP_LINE "# For that tor's control socket and cookie.\nSupplementaryGroups=_tor-%i\n")
make_agent_unit(obpub-agent@.service)

install(TARGETS obpub DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES man/obpub.8 man/obpub-agent.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES man/obpub.yaml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${generated}/obpub.service ${generated}/obpub-agent.service ${generated}/obpub-agent@.service
        DESTINATION ${OBPUB_SYSTEMD_FOLDER})
install(FILES ${generated}/sysusers.d/obpub.conf DESTINATION ${OBPUB_SYSUSERS_FOLDER})
install(FILES ${generated}/tmpfiles.d/obpub.conf DESTINATION ${OBPUB_TMPFILES_FOLDER})
# Their links lead to each other, so they lie as in the source.
install(FILES README.md SECURITY.md NEWS.md COPYING DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY doc DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY contrib/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/contrib OPTIONAL)
