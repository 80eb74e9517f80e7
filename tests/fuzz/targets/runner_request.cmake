endpointd_fuzz(runner_request SOURCE ${CMAKE_CURRENT_LIST_DIR}/runner_request.cpp DEPS exec_server)
