endpointd_fuzz(spawn_request SOURCE ${CMAKE_CURRENT_LIST_DIR}/spawn_request.cpp DEPS exec_starter)
