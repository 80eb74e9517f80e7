endpointd_fuzz(message SOURCE ${CMAKE_CURRENT_LIST_DIR}/message.cpp DEPS wire)
