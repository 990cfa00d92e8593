namespace PgListener.Durable.Membership;

/// <summary>The PostgreSQL cluster that a session is connected to.</summary>
/// <param name="System">Its system identifier, which a restored or upgraded copy does not share.</param>
/// <param name="Base">The highest id that the log had when it came into this cluster; 0 if it was created here. The transaction numbers of rows up to it mean nothing here.</param>
internal sealed record Cluster(long System, long Base);
