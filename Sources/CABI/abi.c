#include "swiftconv.h"
