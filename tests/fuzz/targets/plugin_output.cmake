endpointd_fuzz(plugin_output SOURCE ${CMAKE_CURRENT_LIST_DIR}/plugin_output.cpp DEPS schedule)
