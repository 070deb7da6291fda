/** The version of this program, as reports, captures and journals name it. */
export const version: string = typeof VFIOCTL_VERSION === 'string' ? VFIOCTL_VERSION : 'development';
