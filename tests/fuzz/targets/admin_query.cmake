endpointd_fuzz(admin_query SOURCE ${CMAKE_CURRENT_LIST_DIR}/admin_query.cpp DEPS admin)
