endpointd_fuzz(runner_reply SOURCE ${CMAKE_CURRENT_LIST_DIR}/runner_reply.cpp DEPS exec_server)
