// libpng of the system; where it is, pkg-config says.
#include <png.h>
