using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace PgListener.EntityFrameworkCore.ChangeFeeds;

/// <summary>The columns of an entity type's table.</summary>
internal sealed class FeedColumns(IReadOnlyEntityType entityType, StoreObjectIdentifier table)
{
    /// <summary>What each table has, and no transition table of a trigger. Entity Framework Core maps a row version to <c>xmin</c>.</summary>
    private static readonly string[] SystemColumns = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

    /// <summary>The column of a property.</summary>
    /// <exception cref="InvalidOperationException">The table has none.</exception>
    public string Of(IReadOnlyProperty property) => property.GetColumnName(table) ?? throw Missing(property.Name);

    /// <summary>The columns of properties, each once.</summary>
    /// <param name="paths">Their names; of owned and complex types with dots.</param>
    /// <exception cref="InvalidOperationException">The table has no column for one of them.</exception>
    public IReadOnlyList<string> Of(IReadOnlyList<string> paths) => [.. paths.SelectMany(Of).Distinct(StringComparer.Ordinal)];

    /// <summary>The columns of the entity type, and of those derived from it, if rows of the table are other entities too (table splitting). Otherwise none are named, and all columns are watched, later ones included.</summary>
    public IReadOnlyList<string> OfEntityIfTableIsShared()
        => entityType.Model.GetEntityTypes().Any(IsAnotherEntityOfTheTable)
            ? [.. entityType.GetDerivedTypesInclusive().Where(IsOfTheTable).SelectMany(AllOf).Distinct(StringComparer.Ordinal)]
            : [];

    private IEnumerable<string> Of(string path)
    {
        IReadOnlyTypeBase type = entityType;
        var names = path.Split('.');
        if (names.Contains(""))
            throw Missing(path);

        for (var i = 0; i < names.Length; i++)
        {
            var isLast = i == names.Length - 1;
            if (isLast && type.FindProperty(names[i]) is { } property)
                return [property.GetColumnName(table) is { } name && !SystemColumns.Contains(name) ? name : throw Missing(path)];
            if (type.FindComplexProperty(names[i])?.ComplexType is { } complex)
                type = complex;
            else if ((type as IReadOnlyEntityType)?.FindNavigation(names[i])?.TargetEntityType is { } owned && owned.IsOwned())
                type = owned;
            else
                throw Missing(path);

            if (type.GetContainerColumnName() is { } json)
                return [json];
        }

        return AllOf(type) is [_, ..] all ? all : throw Missing(path);
    }

    /// <summary>The columns that a type has in the table, with those of what it owns.</summary>
    private List<string> AllOf(IReadOnlyTypeBase type)
    {
        if (type.GetContainerColumnName() is { } json)
            return [json];

        List<string> all = [.. type.GetProperties().Select(property => property.GetColumnName(table)).OfType<string>().Except(SystemColumns, StringComparer.Ordinal)];
        foreach (var complex in type.GetComplexProperties())
            all.AddRange(AllOf(complex.ComplexType));
        foreach (var navigation in (type as IReadOnlyEntityType)?.GetNavigations().Where(navigation => !navigation.IsOnDependent && navigation.TargetEntityType.IsOwned()) ?? [])
            all.AddRange(AllOf(navigation.TargetEntityType));
        return all;
    }

    private bool IsAnotherEntityOfTheTable(IReadOnlyEntityType other)
        => !other.IsOwned() && other.GetRootType() != entityType.GetRootType() && IsOfTheTable(other);

    private bool IsOfTheTable(IReadOnlyEntityType type) => StoreObjectIdentifier.Create(type, StoreObjectType.Table) == table;

    private InvalidOperationException Missing(string path)
        => new($"The change feed of the entity type '{entityType.DisplayName()}' names '{path}', for which the table {table.DisplayName()} has no column, or one of the system only. Name a property that is mapped to a column of this table.");
}
