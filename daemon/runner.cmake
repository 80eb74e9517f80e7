# The runner: floors 0 and 1 as far as it needs them, confine and the server half.
add_executable(endpointd-runner ${CMAKE_CURRENT_LIST_DIR}/runner_main.cpp)
target_link_libraries(endpointd-runner PRIVATE base json catalog settings files exec_protocol exec_confine exec_server)
target_compile_definitions(endpointd-runner PRIVATE ENDPOINTD_VERSION="${PROJECT_VERSION}")
install(TARGETS endpointd-runner DESTINATION sbin)
