/**
 * True if an MQTT filter matches a topic. `+` matches one level; `#` matches the level before the `#` and all later
 * levels [MQTT 5.0, 4.7.1]. A wildcard in the first level does not match topics that begin with `$` [4.7.2].
 */
export declare function matchesTopic(filter: string, topic: string): boolean;
