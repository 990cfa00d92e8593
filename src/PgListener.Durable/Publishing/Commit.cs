namespace PgListener.Durable.Publishing;

/// <summary>When the messages of a publish are committed.</summary>
internal enum Commit
{
    /// <summary>When the publish has succeeded.</summary>
    WithThePublish,

    /// <summary>Later; somebody tells of it.</summary>
    Told,

    /// <summary>With a transaction of the caller's, if there is one; nobody tells of it.</summary>
    Unknown,
}
