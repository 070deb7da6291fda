/** Set by the bundler from package.json; undefined when the sources run unbundled. */
declare const VFIOCTL_VERSION: string;
