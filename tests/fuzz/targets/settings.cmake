endpointd_fuzz(settings SOURCE ${CMAKE_CURRENT_LIST_DIR}/settings.cpp DEPS settings)
