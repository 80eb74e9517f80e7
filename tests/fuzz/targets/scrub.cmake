endpointd_fuzz(scrub SOURCE ${CMAKE_CURRENT_LIST_DIR}/scrub.cpp DEPS exec_server)
