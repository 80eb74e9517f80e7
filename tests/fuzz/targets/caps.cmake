endpointd_fuzz(caps SOURCE ${CMAKE_CURRENT_LIST_DIR}/caps.cpp DEPS policy)
