"""A plugin of pytest: `auto` finds a GPU, the strict double of one."""

from cupy_on_cpu import double, twins

twins.register()
double.install()
