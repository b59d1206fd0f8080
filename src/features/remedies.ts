/** What to do where the kernel has no nf_tables. */
export const NO_NFTABLES = "modprobe nf_tables (CONFIG_NF_TABLES)";
