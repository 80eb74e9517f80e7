endpointd_fuzz(modification SOURCE ${CMAKE_CURRENT_LIST_DIR}/modification.cpp DEPS policy)
