endpointd_fuzz(netstring SOURCE ${CMAKE_CURRENT_LIST_DIR}/netstring.cpp DEPS wire)
