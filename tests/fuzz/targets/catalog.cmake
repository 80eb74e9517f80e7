endpointd_fuzz(catalog SOURCE ${CMAKE_CURRENT_LIST_DIR}/catalog.cpp DEPS catalog)
