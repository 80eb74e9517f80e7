# All that may run as root: the starter of the runner and the launcher of its spawners.
add_executable(endpointd-starter ${CMAKE_CURRENT_LIST_DIR}/starter_main.cpp)
target_link_libraries(endpointd-starter PRIVATE base exec_confine exec_starter)
target_compile_definitions(endpointd-starter PRIVATE ENDPOINTD_VERSION="${PROJECT_VERSION}")
install(TARGETS endpointd-starter DESTINATION sbin)

# The runner: floors 0 and 1 as far as it needs them, confine and the server half.
add_executable(endpointd-runner ${CMAKE_CURRENT_LIST_DIR}/runner_main.cpp)
target_link_libraries(endpointd-runner PRIVATE base json catalog settings files exec_protocol exec_confine exec_server)
target_compile_definitions(endpointd-runner PRIVATE ENDPOINTD_VERSION="${PROJECT_VERSION}")
# Neither is of use without the other.
add_dependencies(endpointd-runner endpointd-starter)
# Not readable: what its user cannot read he cannot look into either, from its first instruction on.
install(TARGETS endpointd-runner DESTINATION sbin
        PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_EXECUTE WORLD_EXECUTE)
