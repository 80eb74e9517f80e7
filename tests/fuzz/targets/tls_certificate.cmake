endpointd_fuzz(tls_certificate SOURCE ${CMAKE_CURRENT_LIST_DIR}/tls_certificate.cpp DEPS tls)
