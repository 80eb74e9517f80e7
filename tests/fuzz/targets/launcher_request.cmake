endpointd_fuzz(launcher_request SOURCE ${CMAKE_CURRENT_LIST_DIR}/launcher_request.cpp DEPS exec_starter)
