namespace PgListener;

/// <summary>The settings of a FusionCache's backplane.</summary>
public sealed class PgListenerBackplaneOptions
{
    /// <summary>The name of the listener whose connection and publisher are used.</summary>
    /// <value>The default is empty: the listener without a name, which <c>AddPgListener()</c> adds.</value>
    public string ListenerName { get; set; } = "";
}
