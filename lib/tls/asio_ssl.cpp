// Boost.Asio's TLS half, compiled once for everybody (BOOST_ASIO_SEPARATE_COMPILATION).
#include <boost/asio/ssl/impl/src.hpp>
