namespace PgListener;

/// <summary>Leaves a handler class out of <c>AddHandlers()</c>: it runs only where <c>AddHandler&lt;TChannel, THandler&gt;()</c> names it.</summary>
/// <remarks>
/// For a handler that only one of several listeners runs, or that is added under a condition. <c>AddHandlers()</c> is generated in each assembly
/// that uses this package, and adds all other handlers of that assembly.
/// </remarks>
/// <example>
/// <code>
/// [ExcludeFromAddHandlers]
/// public sealed class WarehouseHandler : INotificationHandler&lt;StockChanged&gt; { … }
///
/// services.AddPgListener().AddHandlers();
/// services.AddPgListener("warehouse").AddHandler&lt;StockChanged, WarehouseHandler&gt;();
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ExcludeFromAddHandlersAttribute : Attribute;
