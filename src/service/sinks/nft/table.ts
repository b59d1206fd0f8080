/** The name of berthd's tables, one in family ip and one in ip6. */
export const TABLE = "berth-services";
